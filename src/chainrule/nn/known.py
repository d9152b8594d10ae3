"""The layers that are known by name: of these a network in a model file may be made."""

from __future__ import annotations

from chainrule.nn.activations import PReLU
from chainrule.nn.embeddings import Embedding, PeriodicEmbedding
from chainrule.nn.encoding import Encode
from chainrule.nn.ensembles import Ensemble, Heads, Members
from chainrule.nn.layers import Clamp, Dense, Scale
from chainrule.nn.network import Concatenate, Sequential
from chainrule.nn.ntp import Gain, NtpDense, ParametricActivation
from chainrule.nn.training_layers import BatchNorm, Dropout, FadingDropout


#: Every layer, by the name of its class.
LAYERS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        BatchNorm,
        Clamp,
        Concatenate,
        Dense,
        Dropout,
        Embedding,
        Encode,
        Ensemble,
        FadingDropout,
        Gain,
        Heads,
        Members,
        NtpDense,
        PReLU,
        ParametricActivation,
        PeriodicEmbedding,
        Scale,
        Sequential,
    )
}
