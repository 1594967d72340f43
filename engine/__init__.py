"""The streaming cluster: wire protocol, rules, storage, machines, and the two worlds they run in."""
