"""All planted bugs, in one list.

Not here: what each does.
"""

from engine.simulation.plants import clients, durability, groups, metadata, requests, storage

EVERY_PLANT = (*clients.PLANTS, *durability.PLANTS, *groups.PLANTS, *metadata.PLANTS, *requests.PLANTS, *storage.PLANTS)
