"""An HTTP/1.1 client that costs little: httpx's, over connections whose answers are parsed in C."""
