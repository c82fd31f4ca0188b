package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// placedByTheFirewall leaves INPUT, FORWARD and OUTPUT alone. kube-router would insert its chains first
// there and accept what a policy permits, which would bypass the rules that protect the machine;
// firewall.ts jumps to the same chains in the right place.
type placedByTheFirewall struct{ utils.IPTablesHandler }

func (handler placedByTheFirewall) Insert(table, chain string, position int, rule ...string) error {
	if !strings.HasPrefix(chain, "KUBE-") {
		return nil
	}
	return handler.IPTablesHandler.Insert(table, chain, position, rule...)
}

// ownChains reads and writes the chains of kube-router only. By default it writes back the whole table as it
// was some time ago, which undoes what kube-proxy has changed in the meantime.
type ownChains struct {
	utils.IPTablesSaveRestorer
	before []string
}

var ownLine = regexp.MustCompile(`^(?:\*|COMMIT|:(KUBE-(?:POD-FW|NWPLCY)-\S+)|:KUBE-ROUTER-|-A KUBE-(?:POD-FW|NWPLCY|ROUTER)-)`)

func (own *ownChains) SaveInto(table string, buffer *bytes.Buffer) error {
	var saved bytes.Buffer
	if err := own.IPTablesSaveRestorer.SaveInto(table, &saved); err != nil {
		return err
	}
	own.before = nil
	for line := range strings.Lines(saved.String()) {
		found := ownLine.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		buffer.WriteString(line)
		if found[1] != "" {
			own.before = append(own.before, found[1])
		}
	}
	return nil
}

func (own *ownChains) Restore(table string, data []byte) error {
	rules := strings.TrimSuffix(string(data), "COMMIT\n")
	var empty, remove strings.Builder
	for _, chain := range own.before {
		if !strings.Contains(rules, "\n:"+chain) {
			fmt.Fprintf(&empty, "-F %s\n", chain)
			fmt.Fprintf(&remove, "-X %s\n", chain)
		}
	}
	restore := exec.Command("iptables-restore", "--wait", "--noflush", "-T", table)
	restore.Stdin = strings.NewReader(rules + empty.String() + remove.String() + "COMMIT\n")
	if output, err := restore.CombinedOutput(); err != nil {
		return fmt.Errorf("iptables-restore: %w: %s", err, output)
	}
	return nil
}

func enforceNetworkPolicies() {
	flags := flag.NewFlagSet("network-policies", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig of the cluster")
	node := flags.String("node", "", "name of the only node")
	services := flags.String("services", "", "address range of the services")
	_ = flags.Parse(os.Args[1:])

	client := clientFor(*kubeconfig)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	config := options.NewKubeRouterConfig()
	config.EnableIPv4 = true // pods have no IPv6
	config.HostnameOverride = *node
	config.ClusterIPCIDRs = []string{*services}

	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	tables, sets, err := netpol.NewIPTablesHandlers(config)
	exitOn(err)
	for family, handler := range tables {
		tables[family] = placedByTheFirewall{handler}
	}
	isRegistered := func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().Nodes().Get(ctx, *node, metav1.GetOptions{})
		return err == nil, nil
	}
	exitOn(wait.PollUntilContextCancel(ctx, 200*time.Millisecond, true, isRegistered))
	controller, err := netpol.NewNetworkPolicyController(client, config, pods, policies, namespaces, &sync.Mutex{}, tables, sets)
	exitOn(err)
	// No argument sets it.
	field := reflect.ValueOf(controller).Elem().FieldByName("iptablesSaveRestore").Addr().UnsafePointer()
	savers := *(*map[v1.IPFamily]utils.IPTablesSaveRestorer)(field)
	for family, saver := range savers {
		savers[family] = &ownChains{IPTablesSaveRestorer: saver}
	}

	for informer, handler := range map[cache.SharedIndexInformer]cache.ResourceEventHandler{
		pods:       controller.PodEventHandler,
		policies:   controller.NetworkPolicyEventHandler,
		namespaces: controller.NamespaceEventHandler,
	} {
		_, err := informer.AddEventHandler(handler)
		exitOn(err)
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	heartbeats := make(chan *healthcheck.ControllerHeartbeat)
	go func() {
		for range heartbeats {
		}
	}()
	var running sync.WaitGroup
	running.Add(1)
	controller.Run(heartbeats, ctx.Done(), &running)
	running.Wait()
}
