"""What layers and neurons do over all time steps, as operations of autograd around kernels."""
