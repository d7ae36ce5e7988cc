"""Positions that some random moves lead to."""

import torch


def position(game, seed, plies):
    """Return one after so many random moves, or as many as leave the game open."""
    g = torch.Generator().manual_seed(seed)
    board = game.start(1)
    for _ in range(plies):
        after = game.play(board, game.legal(board).float().multinomial(1, generator=g)[:, 0])
        if bool(game.outcome(after)[0]):
            break
        board = after
    return board
