"""What every kernel has to agree with: float64 numpy and plain Python, slow and short.

Each function is the twin of the kernel of the same name, written from what that kernel is for. It takes the same inputs
and returns what the kernel writes into the caller's arrays. The tests in tests/kernels hold the two against each other
over dtypes, odd sizes, empty and single rows; `tests/tidy/test_twins.py` finds kernels without a twin. Nothing in the
library calls them. They are in a folder of their own, so that editing one does not compile every kernel again.
"""

from tamis.kernels.reference.columns import (
    count_codes_in,
    count_lists_in,
    mark_flagged,
    mark_phrase,
    mark_range,
    mark_where,
    place_rows,
)
from tamis.kernels.reference.distance import distances, measures, nearest, nearest_of
from tamis.kernels.reference.geo import great_circle_m, judge_radius, mark_box, mark_polygon, mark_radius
from tamis.kernels.reference.graph import group, link_back, link_out, prune, reach, trim, walk, walk_filtered
from tamis.kernels.reference.mask import (
    and_count,
    andnot_count,
    count_bits,
    keep_rows,
    list_rows,
    mask_of,
    popcount,
    set_parents,
    set_rows,
    set_targets,
)
from tamis.kernels.reference.product import bit_product, code_product, fill_tile, tile_distances
from tamis.kernels.reference.quantize import (
    ask_bits,
    code_norms,
    encode_bits,
    encode_rows,
    question_norms,
    rotate,
    rotation,
)
from tamis.kernels.reference.scan import (
    insert,
    measure_rankings,
    measure_rows,
    merge_block,
    merge_codes,
    place_of,
    scan_codes,
    seeds_of,
    take_rows,
    write_ranking,
)

__all__ = [
    "and_count",
    "andnot_count",
    "ask_bits",
    "bit_product",
    "code_norms",
    "code_product",
    "count_bits",
    "count_codes_in",
    "count_lists_in",
    "distances",
    "encode_bits",
    "encode_rows",
    "fill_tile",
    "great_circle_m",
    "group",
    "insert",
    "judge_radius",
    "keep_rows",
    "link_back",
    "link_out",
    "list_rows",
    "mark_box",
    "mark_flagged",
    "mark_phrase",
    "mark_polygon",
    "mark_radius",
    "mark_range",
    "mark_where",
    "mask_of",
    "measure_rankings",
    "measure_rows",
    "measures",
    "merge_block",
    "merge_codes",
    "nearest",
    "nearest_of",
    "place_of",
    "place_rows",
    "popcount",
    "prune",
    "question_norms",
    "reach",
    "rotate",
    "rotation",
    "scan_codes",
    "seeds_of",
    "set_parents",
    "set_rows",
    "set_targets",
    "take_rows",
    "tile_distances",
    "trim",
    "walk",
    "walk_filtered",
    "write_ranking",
]
