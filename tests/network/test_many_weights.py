"""Many settings of the weights at once give what each module gives by itself."""

from __future__ import annotations

import copy

import pytest
import torch
from modules import KINDS, Kind
from test_graph import KIND, plain_attention  # noqa: F401 - a fixture
from torch import nn

from scrutable.errors import UserError
from scrutable.network._layout import first_tensor
from scrutable.network.engine import capture, with_weights


def variants(module: nn.Module) -> list[nn.Module]:
    made = [copy.deepcopy(module) for _ in range(3)]
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for other in made:
            for weight in other.parameters():
                weight.add_(0.3 * torch.randn(weight.shape, generator=generator))
    return made


@KIND
def test_each_setting_gives_what_its_module_gives(kind: Kind):
    module, x = kind.module(), kind.rows(3)
    modules = variants(module)
    got = with_weights(capture(module, kind.rows(4, seed=7)), modules, x)["output"]
    with torch.no_grad():
        expected = torch.stack([first_tensor(other(x)) for other in modules])
    assert not torch.allclose(expected[0], expected[1], atol=1e-3)
    assert torch.allclose(got, expected, atol=1e-5)


def test_modules_of_another_shape_are_refused():
    module = KINDS[0].module()
    with pytest.raises(UserError, match="same names and shapes"):
        with_weights(capture(module, KINDS[0].rows(3)), [module, nn.Linear(3, 2)], KINDS[0].rows(2))
