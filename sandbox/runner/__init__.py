"""The process that hosts worlds: steps them fairly, keeps them in files, talks to the outside."""
