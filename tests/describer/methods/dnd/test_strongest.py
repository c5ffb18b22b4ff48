"""A unit's images and crops, against the network run on them by hand."""

import numpy as np
import torch

from db.jobs import Watch
from describer.images import probing
from describer.methods.dnd.options import Options
from describer.methods.dnd.strongest import strongest
from describer.methods.responses import Responses
from describer.methods.study import Study
from describer.subjects import factory

OPTIONS = Options(captioner="c", likeness="l", exemplars=6)


def test_images_and_crops_are_ranked_by_the_mean_activation(study: Study) -> None:
    responses = Responses.open(study, "mean")
    exemplars = responses.strongest(["late"], 6, Watch())["late"]
    shown = strongest(responses, exemplars, "late", 2, OPTIONS)
    assert study.subject is not None
    network = factory.build(study.subject)
    with torch.inference_mode():
        inputs = probing.as_inputs(shown.images, study.subject)
        by_hand = network.late(network.early(inputs))[:, 2].mean(dim=(1, 2)).numpy()
        every = probing.as_inputs(responses.images(range(40)), study.subject)
        of_all = network.late(network.early(every))[:, 2].mean(dim=(1, 2)).numpy()
    np.testing.assert_allclose(shown.activations, by_hand, rtol=1e-4, atol=1e-6)
    assert (np.diff(shown.activations) <= 0).all()
    # The exemplars are by the largest activation; these are by the mean, over all images.
    assert {*shown.ids} == {*np.argsort(-of_all)[:6].tolist()}
    assert shown.activations[0] >= of_all.max() - 1e-6


def test_exemplars_of_the_same_pooling_serve(study: Study) -> None:
    responses = Responses.open(study, "max")
    assert responses.strongest(["late"], 5, Watch())["late"] is study.source.exemplars("late")
    again = responses.strongest(["late"], 6, Watch())["late"]
    np.testing.assert_array_equal(again.ids[:, :5], study.source.exemplars("late").ids)
