"""Tuples of arrays lent to a compiled rule by address, instead of copied into each call.

A day's terms and books are named tuples of some thirty arrays, which LLVM sees as several hundred numbers:
handed on by value, every call of a rule copies them all, and the compiler spends most of its time on that.
`lend` puts the tuple on the caller's stack once; what it returns has the same attributes and is one pointer.
It must not outlive the function that lent it, and its arrays must belong to somebody else: lend arguments only.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numba
from numba.core import cgutils, types
from numba.core.imputils import impl_ret_borrowed
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, models, register_model

_config: Any = numba.config


class Lent(types.Type):
    """A named tuple that stands on the stack of a caller."""

    def __init__(self, owned: Any) -> None:
        self.owned = owned
        digest = hashlib.blake2b(str(owned).encode(), digest_size=8).hexdigest()
        super().__init__(
            name=f"Lent({digest})"
        )  # part of each symbol: the layout itself takes twenty thousand letters


@register_model(Lent)
class LentModel(models.PrimitiveModel):
    """One pointer."""

    def __init__(self, manager: Any, lent: Lent) -> None:
        super().__init__(manager, lent, manager.lookup(lent.owned).get_value_type().as_pointer())


@infer_getattr
class LentFields(AttributeTemplate):
    """The fields of the tuple, under their own names."""

    key = Lent

    def generic_resolve(self, value: Any, attr: str) -> Any:  # type: ignore[override]
        """The type of one field."""
        return value.owned.types[value.owned.fields.index(attr)] if attr in value.owned.fields else None


@lower_getattr_generic(Lent)
def _field(context: Any, builder: Any, lent: Lent, pointer: Any, name: str) -> Any:
    place = lent.owned.fields.index(name)
    value = builder.load(cgutils.gep_inbounds(builder, pointer, 0, place))
    return impl_ret_borrowed(context, builder, lent.owned.types[place], value)


@intrinsic
def _lend(typing_context: Any, owned: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        slot = cgutils.alloca_once(builder, arguments[0].type)
        builder.store(arguments[0], slot)
        return slot

    return Lent(owned)(owned), generate


def _as_it_is(owned: Any) -> Any:
    return owned


lend: Any = _as_it_is if _config.DISABLE_JIT else _lend
"""(tuple) -> the same, by address; uncompiled (in a debugger) the tuple itself."""
