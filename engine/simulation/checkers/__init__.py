"""One module per invariant, run after every event, at every start of a broker, or at the end.

The names in violations:

S1, S28  acked_not_lost    what was acknowledged with acks=all survives every crash
S2       one_value         an offset has one value for everyone
S3, S4   high_watermark    it never goes back, counts durable records only, bounds what is read (S4: one_value)
S14      metadata_kept     what the administrator was told stays done, topic ids are used once
S15, S16 groups            commits come back; a generation has one owner for each partition
         client_groups     the same with our clients: nothing is skipped below a commit, everything is read
S18      idempotence       no duplicates, no gaps, in order
S19      producer_ids      each is given once
S25      retention         takes what is old or too much, never above the mark; the log start goes forward
S26      recovery          cuts torn tails only, and changes nothing the second time
S30      disk_full         leaves nothing of a batch behind; afterwards everything goes on
S31      offsets           without holes, through all segments
S32, S33 replies           in order, each to its request; a session gives what a full fetch gives
S34      list_offsets      never goes back; a time finds the first record that is not older

Liveness is campaign.py's: when the faults are over, everybody finishes.
"""
