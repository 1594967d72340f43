"""The rules of the quorum: as yet only the control records of a quorum of one."""
