def picture(results):
    return ""
