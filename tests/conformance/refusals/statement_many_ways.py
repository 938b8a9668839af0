def one(x: int) -> int:
    return x


def pipeline(n: int = 1):
    if n > 0:
        if one(0):
            return 0
    if n > 1:
        if one(1):
            return 1
    if n > 2:
        if one(2):
            return 2
    if n > 3:
        if one(3):
            return 3
    if n > 4:
        if one(4):
            return 4
    if n > 5:
        if one(5):
            return 5
    if n > 6:
        if one(6):
            return 6
    if n > 7:
        if one(7):
            return 7
    if n > 8:
        if one(8):
            return 8
    if n > 9:
        if one(9):
            return 9
    if n > 10:
        if one(10):
            return 10
    if n > 11:
        if one(11):
            return 11
    if n > 12:  # error: HR102
        if one(12):
            return 12
    if n > 13:
        if one(13):
            return 13
    if n > 14:
        if one(14):
            return 14
    if n > 15:
        if one(15):
            return 15
    if n > 16:
        if one(16):
            return 16
    if n > 17:
        if one(17):
            return 17
    if n > 18:
        if one(18):
            return 18
    if n > 19:
        if one(19):
            return 19
    if n > 20:
        if one(20):
            return 20
    if n > 21:
        if one(21):
            return 21
    if n > 22:
        if one(22):
            return 22
    if n > 23:
        if one(23):
            return 23
    if n > 24:
        if one(24):
            return 24
    if n > 25:
        if one(25):
            return 25
    if n > 26:
        if one(26):
            return 26
    if n > 27:
        if one(27):
            return 27
    if n > 28:
        if one(28):
            return 28
    if n > 29:
        if one(29):
            return 29
    if n > 30:
        if one(30):
            return 30
    if n > 31:
        if one(31):
            return 31
    if n > 32:
        if one(32):
            return 32
    if n > 33:
        if one(33):
            return 33
    if n > 34:
        if one(34):
            return 34
    if n > 35:
        if one(35):
            return 35
    if n > 36:
        if one(36):
            return 36
    if n > 37:
        if one(37):
            return 37
    if n > 38:
        if one(38):
            return 38
    if n > 39:
        if one(39):
            return 39
    if n > 40:
        if one(40):
            return 40
    if n > 41:
        if one(41):
            return 41
    if n > 42:
        if one(42):
            return 42
    if n > 43:
        if one(43):
            return 43
    if n > 44:
        if one(44):
            return 44
    if n > 45:
        if one(45):
            return 45
    if n > 46:
        if one(46):
            return 46
    if n > 47:
        if one(47):
            return 47
    return n
