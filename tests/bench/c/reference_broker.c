/* The physical limit: one thread, epoll, and the least that Produce and Fetch need, in C.
 *
 *   reference_broker HOST PORT DIRECTORY PARTITIONS TOPIC [fsync]
 *
 * Speaks ApiVersions 0-3, Metadata 4, Produce 0-7, Fetch 4-11 (no sessions), ListOffsets 0-2. Checks the CRC, stamps the
 * base offset, writes, answers. With `fsync` acks=all waits for a sync thread: the next sync begins when the last is done.
 * It trusts its clients; it is for measuring only.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

#define BUFFER_BYTES (4u << 20)
#define FETCH_BYTES_MAX 52428800
#define PARTITIONS_MAX 256

typedef struct { int fd, dirty; uint64_t next_offset, size, *offsets, *positions; size_t entries, capacity; } Partition;
typedef struct { int fd; char *buffer; size_t length; } Connection;
typedef struct { Connection *connection; char *reply; size_t length; uint64_t sync; } Parked;

static Partition partitions[PARTITIONS_MAX];
static int partition_count, port, with_fsync;
static const char *topic, *host;
static Parked *parked;
static size_t parked_first, parked_end, parked_capacity;
static uint64_t sync_wanted = 1, sync_started, sync_done; /* numbers of syncs; what is parked now needs sync_wanted */
static int asked_fd, finished_fd, sync_fds[PARTITIONS_MAX], sync_fd_count;

static void die(const char *what) { perror(what); exit(1); }

static void send_all(int fd, const char *bytes, size_t length, int flags) {
    while (length) {
        ssize_t sent = send(fd, bytes, length, flags);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return;
        bytes += sent, length -= sent;
    }
}

static void *sync_forever(void *unused) {
    uint64_t word;
    for (;;) {
        if (read(asked_fd, &word, 8) != 8) die("eventfd");
        for (int i = 0; i < sync_fd_count; i++) fdatasync(sync_fds[i]);
        word = 1;
        if (write(finished_fd, &word, 8) != 8) die("eventfd");
    }
    return unused;
}

static void start_sync(void) {
    uint64_t one = 1;
    if (sync_started != sync_done) return;
    sync_fd_count = 0;
    for (int i = 0; i < partition_count; i++)
        if (partitions[i].dirty) sync_fds[sync_fd_count++] = partitions[i].fd, partitions[i].dirty = 0;
    if (!sync_fd_count) return;
    sync_started = sync_wanted++;
    if (write(asked_fd, &one, 8) != 8) die("eventfd");
}

static void finish_sync(void) {
    static char joined[1 << 18];
    uint64_t word;
    if (read(finished_fd, &word, 8) != 8) return;
    sync_done = sync_started;
    while (parked_first < parked_end && parked[parked_first].sync <= sync_done) {
        Connection *connection = parked[parked_first].connection;
        size_t length = 0;
        while (parked_first < parked_end && parked[parked_first].sync <= sync_done &&
               parked[parked_first].connection == connection && length + parked[parked_first].length <= sizeof joined) {
            Parked *one = &parked[parked_first++];
            memcpy(joined + length, one->reply, one->length);
            length += one->length;
            free(one->reply);
        }
        send_all(connection->fd, joined, length, 0);
    }
    if (parked_first == parked_end) parked_first = parked_end = 0;
    start_sync();
}

static void park(Connection *connection, const char *reply, size_t length) {
    if (parked_end == parked_capacity) {
        parked_capacity = parked_capacity ? 2 * parked_capacity : 4096;
        parked = realloc(parked, parked_capacity * sizeof *parked);
    }
    char *copy = malloc(length);
    memcpy(copy, reply, length);
    parked[parked_end++] = (Parked){connection, copy, length, sync_wanted};
}

static int append(Partition *partition, char *batch, uint32_t length) {
    if (get32(batch + 8) + 12 != length || batch[16] != 2) return 87;
    if (crc32c(batch + 21, length - 21) != get32(batch + 17)) return 2;
    put64(batch, partition->next_offset), put32(batch + 12, 0);
    for (uint32_t done = 0; done < length;) {
        ssize_t written = write(partition->fd, batch + done, length - done);
        if (written < 0) die("write");
        done += written;
    }
    if (partition->entries == partition->capacity) {
        partition->capacity = partition->capacity ? 2 * partition->capacity : 1024;
        partition->offsets = realloc(partition->offsets, 8 * partition->capacity);
        partition->positions = realloc(partition->positions, 8 * partition->capacity);
    }
    partition->offsets[partition->entries] = partition->next_offset;
    partition->positions[partition->entries++] = partition->size;
    partition->next_offset += get32(batch + 23) + 1;
    partition->size += length;
    partition->dirty = 1;
    return 0;
}

static char *produce(char *at, char *out, int version, int *acks) {
    int16_t transactional = get16(at);
    at += 2 + (transactional > 0 ? transactional : 0);
    *acks = (int16_t)get16(at);
    uint32_t topics = get32(at + 6);
    at += 10, out = put32(out, topics);
    while (topics--) {
        uint16_t name = 2 + get16(at);
        memcpy(out, at, name), out += name, at += name;
        uint32_t count = get32(at);
        at += 4, out = put32(out, count);
        while (count--) {
            uint32_t index = get32(at), length = get32(at + 4);
            uint64_t base_offset = partitions[index].next_offset;
            int error = append(&partitions[index], at + 8, length);
            at += 8 + length;
            out = put64(put16(put32(out, index), error), base_offset), out = put64(out, -1);
            if (version >= 5) out = put64(out, 0);
        }
    }
    return put32(out, 0);
}

static size_t entry_at(const uint64_t *values, size_t count, uint64_t wanted) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (values[middle] <= wanted) low = middle + 1; else high = middle;
    }
    return low;
}

static void locate(Partition *partition, uint64_t offset, uint64_t bytes_max, uint64_t *position, uint64_t *length) {
    *position = partition->size, *length = 0;
    if (offset >= partition->next_offset) return;
    size_t entry = entry_at(partition->offsets, partition->entries, offset);
    *position = partition->positions[entry - 1];
    uint64_t first = (entry < partition->entries ? partition->positions[entry] : partition->size) - *position;
    *length = partition->size - *position;
    if (*length > bytes_max) {
        *length = partition->positions[entry_at(partition->positions, partition->entries, *position + bytes_max) - 1] - *position;
        if (*length < first) *length = first;
    }
}

static void fetch(Connection *connection, char *at, char *frame, char *out) {
    struct { uint64_t position, length; } found[PARTITIONS_MAX];
    at += 25;
    uint32_t topics = get32(at), known = 0;
    uint64_t total = 0;
    size_t head = 4 + 4 + 2 + 4 + 4;
    char *scan = at += 4;
    for (uint32_t i = 0; i < topics; i++) {
        uint16_t name = 2 + get16(scan);
        uint32_t count = get32(scan += name);
        scan += 4, head += name + 4 + count * 42;
        for (; count--; scan += 28, known++) {
            locate(&partitions[get32(scan)], get64(scan + 8), get32(scan + 24), &found[known].position, &found[known].length);
            if (total && total + found[known].length > FETCH_BYTES_MAX) found[known].length = 0;
            total += found[known].length;
        }
    }
    if (!total) usleep(2000);
    out = put32(put32(put16(put32(out, 0), 0), 0), topics);
    put32(frame, head + total);
    known = 0;
    char *start = frame;
    while (topics--) {
        uint16_t name = 2 + get16(at);
        memcpy(out, at, name), out += name, at += name;
        uint32_t count = get32(at);
        at += 4, out = put32(out, count);
        for (; count--; at += 28, known++) {
            Partition *partition = &partitions[get32(at)];
            out = put16(put32(out, get32(at)), 0);
            out = put64(put64(put64(out, partition->next_offset), partition->next_offset), 0);
            out = put32(put32(put32(out, -1), -1), found[known].length);
            if (!found[known].length) continue;
            send_all(connection->fd, start, out - start, MSG_MORE);
            start = out = frame;
            off_t position = found[known].position;
            for (uint64_t left = found[known].length; left;) {
                ssize_t sent = sendfile(connection->fd, partition->fd, &position, left);
                if (sent < 0 && errno == EINTR) continue;
                if (sent <= 0) return;
                left -= sent;
            }
        }
    }
    if (out > start) send_all(connection->fd, start, out - start, 0);
}

static char *list_offsets(char *at, char *out, int version) {
    at += version >= 2 ? 5 : 4;
    uint32_t topics = get32(at);
    at += 4;
    if (version >= 2) out = put32(out, 0);
    out = put32(out, topics);
    while (topics--) {
        uint16_t name = 2 + get16(at);
        memcpy(out, at, name), out += name, at += name;
        uint32_t count = get32(at);
        at += 4, out = put32(out, count);
        for (; count--; at += 12) {
            uint32_t index = get32(at);
            out = put64(put16(put32(out, index), 0), -1);
            out = put64(out, (int64_t)get64(at + 4) == -2 ? 0 : partitions[index].next_offset);
        }
    }
    return out;
}

static char *metadata(char *out) {
    out = put32(put32(put32(out, 0), 1), 0);
    out = put16(put32(put_text(out, host), port), -1);
    out = put32(put32(put16(out, -1), 0), 1);
    out = put_text(put16(out, 0), topic);
    *out++ = 0;
    out = put32(out, partition_count);
    for (int i = 0; i < partition_count; i++)
        out = put32(put32(put32(put32(put32(put32(put16(out, 0), i), 0), 1), 0), 1), 0);
    return out;
}

static char *api_versions(char *out, int version) {
    static const uint16_t ranges[][3] = {{0, 0, 7}, {1, 4, 11}, {2, 0, 2}, {3, 4, 4}, {18, 0, 3}};
    out = put16(out, 0);
    if (version >= 3) *out++ = 6; else out = put32(out, 5);
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 3; j++) out = put16(out, ranges[i][j]);
        if (version >= 3) *out++ = 0;
    }
    if (version >= 1) out = put32(out, 0);
    if (version >= 3) *out++ = 0;
    return out;
}

static void handle(Connection *connection, char *frame) {
    static char reply[1 << 16];
    int key = get16(frame), version = get16(frame + 2), acks = 1;
    int16_t client = get16(frame + 8);
    char *at = frame + 10 + (client > 0 ? client : 0), *out = put32(reply + 4, get32(frame + 4));
    if (key == 0) out = produce(at, out, version, &acks);
    else if (key == 1) { fetch(connection, at, reply, out); return; }
    else if (key == 2) out = list_offsets(at, out, version);
    else if (key == 3) out = metadata(out);
    else if (key == 18) out = api_versions(out, version);
    else { fprintf(stderr, "api key %d is not spoken\n", key); return; }
    if (acks == 0) return;
    put32(reply, out - reply - 4);
    if (with_fsync && acks < 0) park(connection, reply, out - reply);
    else send_all(connection->fd, reply, out - reply, 0);
}

static void on_readable(Connection *connection) {
    ssize_t received = recv(connection->fd, connection->buffer + connection->length, BUFFER_BYTES - connection->length, MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) { close(connection->fd); return; } /* the few bytes of it stay: parked replies may name it */
    connection->length += received;
    size_t at = 0;
    while (connection->length - at >= 4) {
        uint32_t size = get32(connection->buffer + at);
        if (connection->length - at - 4 < size) break;
        handle(connection, connection->buffer + at + 4);
        at += 4 + size;
    }
    if (at) memmove(connection->buffer, connection->buffer + at, connection->length - at), connection->length -= at;
    if (with_fsync) start_sync();
}

static void watch(int epoll, int fd, void *data) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = data};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
}

int main(int argc, char **argv) {
    if (argc < 6) return fprintf(stderr, "usage: reference_broker HOST PORT DIRECTORY PARTITIONS TOPIC [fsync]\n"), 2;
    signal(SIGPIPE, SIG_IGN), crc32c_init();
    host = argv[1], port = atoi(argv[2]), partition_count = atoi(argv[4]), topic = argv[5], with_fsync = argc > 6;
    for (int i = 0; i < partition_count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%d.log", argv[3], i);
        if ((partitions[i].fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644)) < 0) die(path);
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, epoll = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(host)};
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 128)) die("listen");
    watch(epoll, listener, NULL);
    if (with_fsync) {
        pthread_t thread;
        asked_fd = eventfd(0, 0), finished_fd = eventfd(0, 0);
        watch(epoll, finished_fd, &finished_fd);
        if (pthread_create(&thread, NULL, sync_forever, NULL)) die("pthread_create");
    }
    for (struct epoll_event events[64];;) {
        int count = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &finished_fd) finish_sync();
            else if (events[i].data.ptr) on_readable(events[i].data.ptr);
            else {
                Connection *connection = calloc(1, sizeof *connection);
                connection->fd = accept(listener, NULL, NULL), connection->buffer = malloc(BUFFER_BYTES);
                setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                watch(epoll, connection->fd, connection);
            }
        }
    }
}
