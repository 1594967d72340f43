"""Record batches of format 2: header, records, compression."""
