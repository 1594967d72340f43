"""The codecs of record batches, each bounded."""

CODEC_MAX = 4
