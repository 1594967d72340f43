"""Which member reads which partition: the assignors of classic consumers, pure functions of what the leader knows.

Each takes the members' subscriptions and the partition counts of the topics, and gives
every member its list. All of them are deterministic: equal input, equal assignment.
"""
