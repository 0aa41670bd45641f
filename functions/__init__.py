"""The triggers: each decodes its input, calls one use case, and answers. Only this folder imports azure.functions."""
