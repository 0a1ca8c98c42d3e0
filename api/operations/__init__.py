"""All operations of the studio, in the order their routes are matched."""

from api.operations import (
    assets,
    cast,
    drafts,
    jobs,
    language,
    library,
    loras,
    models,
    people,
    presets,
    projects,
    recipes,
    schemas,
    search,
    speech,
    styles,
    tasks,
    upkeep,
    writing,
)

_NOUNS = (
    jobs,
    tasks,
    library,  # before single assets: “many” is not an id
    assets,
    loras,
    models,
    cast,
    presets,
    drafts,
    speech,
    styles,
    writing,
    recipes,
    language,
    people,
    upkeep,
    projects,
    search,
    schemas,
)
OPERATIONS = tuple(operation for noun in _NOUNS for operation in noun.operations)
