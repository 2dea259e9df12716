module lens/pion

go 1.19
