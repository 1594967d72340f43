import pytest

from engine.simulation import campaign
from engine.simulation.plants.every_plant import EVERY_PLANT
from engine.simulation.plants.plant import Plant, active


def first_seed_that_finds(plant: Plant) -> tuple[int, str] | None:
    with active(plant):
        for seed in range(plant.seeds_max):
            violation = campaign.run_seed(seed).violation
            if violation is not None:
                return seed, violation
    return None


@pytest.mark.parametrize("plant", EVERY_PLANT, ids=lambda plant: plant.name)
def test_a_planted_bug_is_found(plant):
    honest = getattr(plant.owner, plant.attribute)
    found = first_seed_that_finds(plant)
    assert found is not None, f"{plant.says} Not found within {plant.seeds_max} seeds."
    assert getattr(plant.owner, plant.attribute) is honest, "a plant is gone afterwards"
