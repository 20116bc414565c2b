"""What changes for somebody who comes from source-facebook-marketing, and their files as this connector writes them."""
