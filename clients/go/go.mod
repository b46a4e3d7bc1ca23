module wagglebus/waggle

go 1.18
