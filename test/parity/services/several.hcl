services = [
  { name = "x", tags = ["a", "b"], meta { k = "v" } },
  {
    name                = "y"
    id                  = "y1"
    address             = "10.0.0.1"
    port                = 5
    enable_tag_override = true
    weights { passing = 3, warning = 2 }
    tagged_addresses { lan { address = "9.9.9.9", port = 6 } }
    checks = [
      {
        http                              = "http://127.0.0.1:1"
        interval                          = "1h"
        timeout                           = "5s"
        method                            = "POST"
        header { A = ["b"] }
        deregister_critical_service_after = "90m"
      },
      { id = "q", name = "qq", tcp = "127.0.0.1:1", interval = "1h", notes = "n" },
    ]
    connect { sidecar_service { port = 21000 } }
  },
]
