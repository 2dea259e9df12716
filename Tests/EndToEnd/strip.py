"""The strip of cells at the top of each frame: white, 14 bits of the number, 4 bits of the number mod 13, black."""

CELLS, NUMBER_BITS, CHECK_BITS, CHECK_MODULUS = 20, 14, 4, 13


def middle_row(height):
    return height // 24


def number(luma):
    """The frame's number from one row of brightness, a byte a pixel; -1 if it cannot be read."""
    bits = [luma[int((cell + 0.5) * len(luma) / CELLS)] > 127 for cell in range(CELLS)]
    if not bits[0] or bits[-1]:
        return -1

    def value(start, count):
        return sum(bit << (count - 1 - place) for place, bit in enumerate(bits[start : start + count]))

    found = value(1, NUMBER_BITS)
    return found if found % CHECK_MODULUS == value(1 + NUMBER_BITS, CHECK_BITS) else -1
