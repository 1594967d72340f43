"""Consumer groups: members and generations, committed offsets, assignors; pure rules, no waiting."""
