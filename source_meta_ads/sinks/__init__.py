"""Where rows go without a destination connector: files that anything can read, each written whole or not at all."""
