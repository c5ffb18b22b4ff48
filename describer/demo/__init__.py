"""The demo world: a small world in which every pixel's meaning is known, and what lives in it.

    world*.py, chance.py        scenes of 64 x 64 pixels with exact masks, the same everywhere
    concepts.py, truth.py       what there is to say, and what a unit really responds to
    annotators.py               simulated people: three sentences a unit
    networks.py, lessons.py     small networks and how they learn
    recipes.py, curriculum.py   which of them, on what pictures; building and training them
    units.py, teaching.py       exemplars in memory; the demo's MILAN
    build.py, shipped.py        `demo build` makes the weights, these are the ones that come along
    workspace.py, saying.py     the demo's files, for a workspace at first start; what is said there
    scores.py, dissection.py, likeness.py, comparison.py, transfer.py, faces.py, table.py, verify.py
                                `demo verify`: descriptions against the planted truth

Importing the package imports nothing; `commands.py` alone is on the program's start-up path.
"""
