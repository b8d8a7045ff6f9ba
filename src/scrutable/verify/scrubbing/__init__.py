"""Causal scrubbing: whatever a hypothesis says may be exchanged is exchanged, and the network must go on as before."""

from scrutable.verify.scrubbing._idle import Idle
from scrutable.verify.scrubbing._part import Part, Said
from scrutable.verify.scrubbing._scrub import loss_recovered, scrub
from scrutable.verify.scrubbing._scrubbed import Recovered, Scrubbed, Swapped
from scrutable.verify.scrubbing._test import Scrubbing

__all__ = ["Idle", "Part", "Recovered", "Said", "Scrubbed", "Scrubbing", "Swapped", "loss_recovered", "scrub"]
