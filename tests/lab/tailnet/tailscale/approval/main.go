// Program approval is the lab's second control server: a tailnet in which every new machine waits for an administrator,
// which headscale does not know. It is the server that Tailscale tests its own client with, plus a desk on a socket of its
// own at which the lab plays the person in the browser and the administrator.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"tailscale.com/tailcfg"
	"tailscale.com/tstest/integration/testcontrol"
)

var (
	address     = flag.String("address", "", "address and port to serve clients on, by TLS")
	url         = flag.String("url", "", "what clients call this server, as https://NAME")
	certificate = flag.String("certificate", "", "PEM file with key and certificate for that name")
	relays      = flag.String("relays", "", "JSON file with the DERP map that clients are given")
	domain      = flag.String("domain", "", "domain of the machines' names")
	socket      = flag.String("socket", "", "path of the desk")
)

func main() {
	flag.Parse()
	text, err := os.ReadFile(*relays)
	check(err)
	control := &testcontrol.Server{
		ExplicitBaseURL:    *url,
		MagicDNSDomain:     *domain,
		RequireAuth:        true,
		RequireMachineAuth: true,
		AllNodesSameUser:   true,
		AllOnline:          true,
		DERPMap:            new(tailcfg.DERPMap),
	}
	check(json.Unmarshal(text, control.DERPMap))

	desk, err := net.Listen("unix", *socket)
	check(err)
	clients, err := net.Listen("tcp", *address)
	check(err)
	go func() { check(http.Serve(desk, deskOf(control))) }()
	fmt.Println("ready")
	check(http.ServeTLS(clients, control, *certificate, *certificate))
}

// deskOf answers POST /login with the login's URL as the body, POST /approve, POST /expire, POST /renew and GET /nodes.
func deskOf(control *testcontrol.Server) http.Handler {
	desk := http.NewServeMux()
	desk.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if !control.CompleteAuth(r.FormValue("url")) {
			http.Error(w, "no login waits at this address", http.StatusNotFound)
		}
	})
	desk.HandleFunc("POST /approve", func(w http.ResponseWriter, r *http.Request) {
		for _, node := range control.AllNodes() {
			control.CompleteDeviceApproval(*url, *url+"/admin", &node.Key)
		}
	})
	desk.HandleFunc("POST /expire", func(w http.ResponseWriter, r *http.Request) { control.SetExpireAllNodes(true) })
	desk.HandleFunc("POST /renew", func(w http.ResponseWriter, r *http.Request) { control.SetExpireAllNodes(false) })
	desk.HandleFunc("GET /nodes", func(w http.ResponseWriter, r *http.Request) {
		check(json.NewEncoder(w).Encode(control.AllNodes()))
	})
	return desk
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
