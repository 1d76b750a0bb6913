environment        = "production"
milestone          = "10k"
zone               = "example.com"
platform_host      = "app.example.com"
tenant_host_suffix = "chat.example.com"
backup_days        = 35
