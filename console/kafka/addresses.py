"""Where this installation may connect to: a rule, and the gate that holds each connection of a client to it.

Invariants:
- Metadata services, link-local, unspecified and multicast addresses are never connected to, whoever names them.
- An IPv4 address is judged as such in whatever clothes it comes: mapped, NAT64, SIIT, 6to4, Teredo.
- What a cluster says of its brokers is not believed: none may be nearer to this machine than the cluster itself.

Pure: names are looked up, once for each connection, by whoever connects; the address judged is the one connected to.
Not here: who may add a connection (permissions.py), sockets (engine/net/client_shell.py).
"""

import ipaddress
from dataclasses import dataclass, field

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PUBLIC, PRIVATE, LOOPBACK = range(3)  # how near to this machine
WORDS = ("a public address", "a private address", "this machine")
PUBLIC_WORD = "public"
ALLOWED_MAX = 200


def _networks(*texts: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(text) for text in texts]


# Of Amazon, Google and Azure, of Alibaba, of Oracle, Azure's wire server, of Amazon in IPv6.
METADATA = _networks("169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254")
METADATA_NAMES = (
    "metadata.google.internal",
    "metadata.goog",
    "metadata",
    "instance-data",
    "instance-data.ec2.internal",
)
LINK_LOCAL = _networks("169.254.0.0/16", "fe80::/10")
NOWHERE = _networks("0.0.0.0/8", "::/128", "224.0.0.0/4", "240.0.0.0/4", "ff00::/8")
LOOPBACKS = _networks("127.0.0.0/8", "::1/128")
PRIVATES = _networks(
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "fc00::/7", "fec0::/10", "2001:db8::/32", "100::/64",
)  # fmt: skip
# NAT64's own prefix and the one for local use (RFC 8215), and SIIT's: the IPv4 address is at the end of each.
TRANSLATED = _networks("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96")
NOT_KAFKA = {
    22: "SSH", 23: "Telnet", 25: "mail", 53: "DNS", 110: "mail", 143: "mail", 389: "LDAP", 445: "file sharing",
    465: "mail", 587: "mail", 2375: "Docker", 2379: "etcd", 2380: "etcd", 3306: "MySQL", 3389: "remote desktops",
    5432: "PostgreSQL", 5672: "RabbitMQ", 5900: "remote desktops", 6379: "Redis", 6443: "Kubernetes",
    10250: "Kubernetes", 11211: "memcached", 27017: "MongoDB",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AddressRule:
    """What an installation allows. Equal rules give equal connections."""

    on_loopback: bool  # it is reached from its own machine only: then all but the forbidden is allowed
    allowed: tuple[str, ...] = ()  # else only this: networks, names of hosts, *.names, "public"

    def refusal(self, host: str, address: str, port: int) -> str:
        """Why nobody may connect there, in words that end a sentence; "" if one may."""
        name = host.rstrip(".").lower()
        ip = plain(address)
        if name in METADATA_NAMES or _in(ip, METADATA):
            return f"{host} is a metadata service of a cloud, and this console never connects to one"
        if _in(ip, LINK_LOCAL):
            return f"{ip} is a link-local address, and this console never connects to one"
        if _in(ip, NOWHERE):
            return f"{ip} is no address of one host; for this machine write 127.0.0.1"
        if port in NOT_KAFKA:
            return f"port {port} is for {NOT_KAFKA[port]}, and this console does not connect to it"
        if self.on_loopback or self.names(host, address):
            return ""
        return (
            f"{ip} is {WORDS[nearness(address)]}, and ODRADEK_CLUSTER_ADDRESSES of this installation does not allow it"
        )

    def names(self, host: str, address: str) -> bool:
        """Whether the list allows this address. A name alone never opens this machine: it can be made to point here."""
        ip, near = plain(address), nearness(address)
        for entry in self.allowed:
            if entry == PUBLIC_WORD:
                found = near == PUBLIC
            elif (network := _network(entry)) is not None:
                found = ip in network
            else:
                found = near != LOOPBACK and _matches(host.rstrip(".").lower(), entry)
            if found:
                return True
        return False


@dataclass(slots=True)
class Gate:
    """One client's connections under a rule: the bootstrap servers first, then what the cluster says of its brokers."""

    rule: AddressRule
    bootstrap: tuple[str, ...]
    nearest: int = field(default=PUBLIC)  # of the addresses of the bootstrap servers

    def __call__(self, host: str, address: str, port: int) -> str:
        """Why this client may not connect there; "" if it may."""
        refusal = self.rule.refusal(host, address, port)
        if refusal:
            return refusal
        near = nearness(address)
        peer = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if peer in self.bootstrap:
            self.nearest = max(self.nearest, near)
        elif near > self.nearest and not self.rule.names(host, address):
            return (
                f"the cluster says that a broker is at {address}, which is {WORDS[near]}, while the cluster itself was "
                f"reached at {WORDS[self.nearest]}: its advertised.listeners are wrong, or it is not to be trusted"
            )
        return ""


def plain(address: str) -> Address:
    """The address without clothes and without a zone."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped
        if ip.sixtofour is not None:
            return ip.sixtofour
        if ip.teredo is not None:
            return ip.teredo[1]
        if _in(ip, TRANSLATED) or (int(ip) >> 32 == 0 and int(ip) > 1):
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def nearness(address: str) -> int:
    """PUBLIC, PRIVATE or LOOPBACK."""
    ip = plain(address)
    if _in(ip, LOOPBACKS):
        return LOOPBACK
    return PRIVATE if _in(ip, PRIVATES) else PUBLIC


def parse_allowed(text: str) -> tuple[str, ...]:
    """Read a list like "10.4.0.0/16, *.kafka.example, public". ValueError says what is wrong."""
    found: dict[str, None] = {}
    for part in text.replace(",", " ").split():
        entry = part.lower().rstrip(".")
        if _network(entry) is None and entry != PUBLIC_WORD:
            bare = entry.removeprefix("*.")
            labels = bare.split(".")
            fine = all(label and label.replace("-", "").replace("_", "").isalnum() for label in labels)
            if not bare.isascii() or not fine or bare.replace(".", "").isdigit() or "/" in bare:
                raise ValueError(
                    f"{part!r} is no network (10.4.0.0/16), no name (*.kafka.example) and not {PUBLIC_WORD}"
                )
        found[entry] = None
    if len(found) > ALLOWED_MAX:
        raise ValueError(f"at most {ALLOWED_MAX} entries")
    return tuple(found)


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _matches(name: str, entry: str) -> bool:
    return name.endswith(entry[1:]) and name != entry[2:] if entry.startswith("*.") else name == entry


def _in(ip: Address, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(ip in network for network in networks)
