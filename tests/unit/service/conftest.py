from tests.support.libraries import (  # noqa: F401  # fixtures
    _no_settings_of_the_machine,
    catalogue,
    library,
    template_library,
)
