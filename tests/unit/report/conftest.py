from tests.support.libraries import (  # noqa: F401  # fixtures
    _no_settings_of_the_machine,
    library,
    template_library,
)
