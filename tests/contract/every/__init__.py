"""One case for each method of the APIs as their published definitions list them (tests/fixtures/seed_methods.json).

A case calls the method through `Adapter.call` with arguments taken from the live mock server, and looks at what
came of it. That the request arrived where the definition says is checked for all of them in one place.
"""
