"""Telling the processor which records will be needed soon. Changes no result."""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from simlab.world.records import LINE

_config: Any = numba.config


@intrinsic
def _fetch_ahead(typing_context: Any, records: Any, number: Any, first: Any, last: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(records)(context, builder, arguments[0])
        index = context.cast(builder, arguments[1], number, types.intp)
        place = cgutils.get_item_pointer(context, builder, records, array, [index], wraparound=False)
        byte, flag, offset = ir.IntType(8), ir.IntType(32), ir.IntType(64)
        start = builder.bitcast(place, byte.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [byte.as_pointer(), flag, flag, flag])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        begin = context.cast(builder, arguments[2], first, types.intp)
        end = context.cast(builder, arguments[3], last, types.intp)
        middle = builder.lshr(builder.add(begin, end), offset(1))
        for line in (begin, middle, end):
            there = builder.gep(start, [builder.mul(line, offset(LINE))])
            builder.call(prefetch, [there, flag(1), flag(3), flag(1)])  # to write, to keep, data
        return context.get_dummy_value()

    return types.void(records, number, first, last), generate


def _do_nothing(records: Any, number: Any, first: Any, last: Any) -> None:
    """Uncompiled there is nothing to hurry."""


fetch_ahead: Any = _do_nothing if _config.DISABLE_JIT else _fetch_ahead
"""(records, number, first, last) -> None: lines `first` to `last` of a record, at most three, set out for the cache."""
