/* Raw load on a broker, from batches built once: what is measured is the broker, not its client.
 *
 *   load_generator produce HOST PORT TOPIC PARTITIONS CONNECTIONS RECORD_BYTES BATCH_BYTES DEPTH BYTES SECONDS ACKS
 *   load_generator commit  (as produce; each connection commits offsets of a group of its own, a partition a request)
 *   load_generator fetch   HOST PORT TOPIC PARTITIONS CONNECTIONS PARTITION_BYTES RESPONSE_BYTES BYTES SECONDS
 *
 * Produce version 7, OffsetCommit version 2, Fetch version 11 without sessions; one thread a connection; every reply's correlation id and error
 * code is checked. Stops after BYTES or SECONDS. Prints one line of JSON; latencies are from send to reply, in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

#define CONNECTIONS_MAX 256
#define LATENCIES_MAX 2000000
#define REPLY_BYTES 65536

typedef struct {
    int id;
    uint64_t requests, bytes, records;
    double begun, ended;
    float *latencies;
    size_t latency_count;
} Worker;

static const char *host, *topic;
static int port, partition_count, connection_count, record_bytes, batch_bytes, depth, acks = 1, committing;
static int partition_bytes, response_bytes;
static uint64_t bytes_wanted;
static double seconds_max;

static void fail(const char *what, long number) {
    fprintf(stderr, "%s %ld\n", what, number);
    exit(3);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static int connect_to_broker(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(host)};
    if (connect(fd, (void *)&address, sizeof address)) fail("cannot connect, errno", errno);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void send_all(int fd, const char *bytes, size_t length) {
    while (length) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) fail("cannot send, errno", errno);
        bytes += sent, length -= sent;
    }
}

static void receive_all(int fd, char *bytes, size_t length) {
    while (length) {
        ssize_t received = recv(fd, bytes, length, 0);
        if (received < 0 && errno == EINTR) continue;
        if (received <= 0) fail("the broker closed the connection", 0);
        bytes += received, length -= received;
    }
}

static char *put_varint(char *at, int64_t value) {
    uint64_t zigzag = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
    for (; zigzag > 127; zigzag >>= 7) *at++ = (char)(zigzag | 128);
    *at++ = (char)zigzag;
    return at;
}

static char *put_record(char *at, int number) {
    char head[64], *end = head;
    *end++ = 0;
    end = put_varint(put_varint(put_varint(put_varint(end, 0), number), -1), record_bytes);
    at = put_varint(at, end - head + record_bytes + 1);
    memcpy(at, head, end - head), at += end - head;
    for (int i = 0; i < record_bytes; i++) *at++ = "abcdefghijklmnop"[(i * 7 + number) & 15];
    return put_varint(at, 0);
}

/* One Produce request with one batch for one partition. Its correlation id is at byte 8. */
static size_t build_produce(char *frame, int partition, int *records) {
    char *at = put_text(put32(put16(put16(frame + 4, 0), 7), 0), "bench");
    at = put32(put16(put16(at, -1), acks), 30000);
    at = put32(put32(put_text(put32(at, 1), topic), 1), partition);
    char *length = at, *batch = at + 4;
    at = batch + 61, *records = 0;
    while (*records == 0 || at - batch + record_bytes + 16 <= batch_bytes) at = put_record(at, (*records)++);
    put64(batch, 0), put32(batch + 8, at - batch - 12), put32(batch + 12, 0), batch[16] = 2;
    put16(batch + 21, 0), put32(batch + 23, *records - 1);
    put64(batch + 27, 1700000000000), put64(batch + 35, 1700000000000);
    put64(batch + 43, -1), put16(batch + 51, -1), put32(batch + 53, -1), put32(batch + 57, *records);
    put32(batch + 17, crc32c(batch + 21, at - batch - 21));
    put32(length, at - batch), put32(frame, at - frame - 4);
    return at - frame;
}

/* One OffsetCommit request for one partition, by a group without members. Its reply's error is where Produce's is. */
static size_t build_commit(char *frame, int group, int partition) {
    char name[32], *at = put_text(put32(put16(put16(frame + 4, 8), 2), 0), "bench");
    snprintf(name, sizeof name, "bench-%d", group);
    at = put64(put_text(put32(put_text(at, name), 0xffffffffu), ""), -1);
    at = put32(put32(put_text(put32(at, 1), topic), 1), partition);
    at = put16(put64(at, 1000 + partition), -1);
    put32(frame, at - frame - 4);
    return at - frame;
}

typedef struct { char *requests[256]; int lengths[256], records; uint64_t sent, answered; double *sent_at; } Produce;

static void send_requests(Worker *worker, Produce *state, int fd, uint64_t requests_max) {
    static __thread char joined[1 << 18];
    size_t length = 0;
    while (state->sent - state->answered < (uint64_t)depth && state->sent < requests_max) {
        int partition = (state->sent + worker->id) % partition_count, size = state->lengths[partition];
        put32(state->requests[partition] + 8, (uint32_t)state->sent);
        state->sent_at[state->sent++ % depth] = now();
        worker->bytes += size;
        if (size >= 16384 || depth == 1) {
            send_all(fd, state->requests[partition], size);
            continue;
        }
        if (length + size > sizeof joined) send_all(fd, joined, length), length = 0;
        memcpy(joined + length, state->requests[partition], size), length += size;
    }
    if (length) send_all(fd, joined, length);
}

static size_t read_replies(Worker *worker, Produce *state, char *replies, size_t length) {
    size_t at = 0;
    double time = now();
    while (length - at >= 4) {
        uint32_t size = get32(replies + at);
        if (length - at - 4 < size) break;
        if (get32(replies + at + 4) != (uint32_t)state->answered) fail("a reply out of order", get32(replies + at + 4));
        int error = get16(replies + at + 14 + get16(replies + at + 12) + 8);
        if (error) fail(committing ? "OffsetCommit was refused with error" : "Produce was refused with error", error);
        if (worker->latency_count < LATENCIES_MAX)
            worker->latencies[worker->latency_count++] = (time - state->sent_at[state->answered % depth]) * 1e6;
        state->answered++, worker->records += state->records, at += 4 + size;
    }
    memmove(replies, replies + at, length - at);
    return length - at;
}

static void *produce(void *argument) {
    Worker *worker = argument;
    Produce state = {.sent_at = malloc(sizeof(double) * depth)};
    char *replies = malloc(REPLY_BYTES);
    size_t length = 0;
    int fd = connect_to_broker();
    for (int i = 0; i < partition_count; i++) {
        state.requests[i] = malloc(batch_bytes + record_bytes + 4096);
        if (committing) state.lengths[i] = build_commit(state.requests[i], worker->id, i), state.records = 1;
        else state.lengths[i] = build_produce(state.requests[i], i, &state.records);
    }
    worker->latencies = malloc(sizeof(float) * LATENCIES_MAX);
    uint64_t requests_max = bytes_wanted / connection_count / state.lengths[0] + 1;
    worker->begun = now();
    while (1) {
        if (now() > worker->begun + seconds_max) requests_max = state.sent;
        send_requests(worker, &state, fd, requests_max);
        if (state.answered == state.sent) break;
        ssize_t received = recv(fd, replies + length, REPLY_BYTES - length, 0);
        if (received <= 0) fail("the broker closed the connection", 0);
        length = read_replies(worker, &state, replies, length + received);
    }
    worker->ended = now(), worker->requests = state.answered;
    close(fd);
    return NULL;
}

static size_t build_fetch(char *frame, uint32_t number, const int *mine, int count, const uint64_t *offsets) {
    char *at = put_text(put32(put16(put16(frame + 4, 1), 11), number), "bench");
    at = put32(put32(put32(put32(at, -1), 100), 1), response_bytes);
    *at++ = 0;
    at = put_text(put32(put32(put32(at, 0), -1), 1), topic);
    at = put32(at, count);
    for (int i = 0; i < count; i++) {
        int partition = mine[(i + number) % count];
        at = put64(put64(put32(put32(at, partition), -1), offsets[partition]), 0);
        at = put32(at, partition_bytes);
    }
    at = put16(put32(at, 0), 0);
    put32(frame, at - frame - 4);
    return at - frame;
}

static uint64_t read_fetched(Worker *worker, char *reply, uint64_t *offsets) {
    char *at = reply + 18;
    uint64_t found = 0;
    at += 2 + get16(at);
    uint32_t count = get32(at);
    at += 4;
    while (count--) {
        uint32_t partition = get32(at), aborted = get32(at + 30);
        if (get16(at + 4)) fail("Fetch was refused with error", get16(at + 4));
        at += 34 + (aborted == 0xffffffffu ? 0 : 16 * aborted) + 4;
        int32_t length = (int32_t)get32(at);
        char *batch = at += 4;
        if (length <= 0) continue;
        for (at += length, found += length; at - batch >= 61 && batch + 12 + get32(batch + 8) <= at; batch += 12 + get32(batch + 8)) {
            if (batch[16] != 2) fail("a batch of format", batch[16]);
            offsets[partition] = get64(batch) + get32(batch + 23) + 1;
            worker->records += get32(batch + 57);
        }
    }
    return found;
}

static void *fetch(void *argument) {
    Worker *worker = argument;
    int mine[256], count = 0, empty = 0, fd = connect_to_broker();
    uint64_t offsets[256] = {0};
    size_t capacity = (size_t)response_bytes + partition_bytes + (4 << 20);
    char *reply = malloc(capacity), request[16384], size[4];
    for (int i = worker->id; i < partition_count; i += connection_count) mine[count++] = i;
    worker->begun = worker->ended = now();
    while (count && worker->bytes < bytes_wanted / connection_count && now() < worker->begun + seconds_max && empty < 20) {
        send_all(fd, request, build_fetch(request, worker->requests, mine, count, offsets));
        receive_all(fd, size, 4);
        if (get32(size) > capacity) fail("a reply is longer than was asked for", get32(size));
        receive_all(fd, reply, get32(size));
        if (get32(reply) != worker->requests++) fail("a reply out of order", get32(reply));
        uint64_t found = read_fetched(worker, reply, offsets);
        worker->bytes += found, empty = found ? 0 : empty + 1;
    }
    worker->ended = now();
    close(fd);
    return NULL;
}

static int compare(const void *left, const void *right) {
    float a = *(const float *)left, b = *(const float *)right;
    return a < b ? -1 : a > b;
}

static void report(Worker *workers) {
    double begun = 1e18, ended = 0;
    uint64_t requests = 0, bytes = 0, records = 0;
    size_t count = 0;
    for (int i = 0; i < connection_count; i++) {
        begun = workers[i].begun < begun ? workers[i].begun : begun;
        ended = workers[i].ended > ended ? workers[i].ended : ended;
        requests += workers[i].requests, bytes += workers[i].bytes, records += workers[i].records;
        count += workers[i].latency_count;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
    printf("{\"seconds\": %.4f, \"requests\": %lu, \"bytes\": %lu, \"records\": %lu, \"client_cpu\": %.3f", ended - begun, requests, bytes, records, cpu);
    if (count) {
        float *all = malloc(count * sizeof *all);
        size_t at = 0;
        for (int i = 0; i < connection_count; at += workers[i++].latency_count)
            memcpy(all + at, workers[i].latencies, workers[i].latency_count * sizeof *all);
        qsort(all, count, sizeof *all, compare);
        printf(", \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f", all[count / 2], all[(size_t)(count * .99)], all[(size_t)(count * .999)]);
    }
    printf("}\n");
}

int main(int argc, char **argv) {
    if (argc < 11) return fprintf(stderr, "see the head of load_generator.c\n"), 2;
    committing = argv[1][0] == 'c';
    int producing = committing || argv[1][0] == 'p';
    crc32c_init();
    host = argv[2], port = atoi(argv[3]), topic = argv[4], partition_count = atoi(argv[5]), connection_count = atoi(argv[6]);
    if (partition_count > 256 || connection_count > CONNECTIONS_MAX || (producing && argc < 13)) return 2;
    if (producing) {
        record_bytes = atoi(argv[7]), batch_bytes = atoi(argv[8]), depth = atoi(argv[9]);
        bytes_wanted = strtoull(argv[10], NULL, 10), seconds_max = atof(argv[11]), acks = atoi(argv[12]);
    } else {
        partition_bytes = atoi(argv[7]), response_bytes = atoi(argv[8]);
        bytes_wanted = strtoull(argv[9], NULL, 10), seconds_max = atof(argv[10]);
    }
    pthread_t threads[CONNECTIONS_MAX];
    Worker *workers = calloc(connection_count, sizeof *workers);
    for (int i = 0; i < connection_count; i++) {
        workers[i].id = i;
        if (pthread_create(&threads[i], NULL, producing ? produce : fetch, &workers[i])) fail("no thread", i);
    }
    for (int i = 0; i < connection_count; i++) pthread_join(threads[i], NULL);
    report(workers);
    return 0;
}
