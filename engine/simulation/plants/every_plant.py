"""All planted bugs, in one list.

Not here: what each does.
"""

from engine.simulation.plants import durability, groups, metadata, requests, storage

EVERY_PLANT = (*durability.PLANTS, *groups.PLANTS, *metadata.PLANTS, *requests.PLANTS, *storage.PLANTS)
