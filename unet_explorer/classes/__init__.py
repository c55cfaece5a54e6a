"""Class tables: ids, names and colours of what a network tells apart."""

from unet_explorer.classes.numbered import numbered_class_table
from unet_explorer.classes.table import (
    TABLE_NAMES,
    ClassEntry,
    ClassTable,
    load_class_table,
)

__all__ = ["TABLE_NAMES", "ClassEntry", "ClassTable", "load_class_table", "numbered_class_table"]
