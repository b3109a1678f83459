package onenode

import (
	"embed"
	"fmt"
	"os"
	"strings"
	"text/template"
)

//go:embed config
var configFiles embed.FS

// settings is what the templates of the configuration files may name.
type settings struct {
	Dir, Containerd, CNIPlugins, CNIConfig, PauseImage string
	Bridge, PodRange, NodeIP, CgroupRoot               string
	Server, User                                       string
	MoreKubelet, MoreContainerd                        string
}

func (l layout) settings() settings {
	return settings{
		Dir: l.dir, Containerd: l.containerd(), CNIPlugins: cniPlugins, CNIConfig: l.path("cni"), PauseImage: pauseImage,
		Bridge: bridge, PodRange: podRange, NodeIP: nodeIP, CgroupRoot: l.cgroup(),
	}
}

// writeConfigs fills the templates in. The API server answers to the administrator at the port on this machine's
// 127.0.0.1, and to its own components at its address inside.
func writeConfigs(l layout, port int, o Options) error {
	all := l.settings()
	all.MoreKubelet, all.MoreContainerd = o.Kubelet, o.Containerd
	for name, path := range map[string]string{
		"containerd.toml": l.path("etc", "containerd.toml"),
		"kubelet.yaml":    l.path("etc", "kubelet.yaml"),
		"pods.conflist":   l.path("cni", "pods.conflist"),
	} {
		if err := fill(name, path, all); err != nil {
			return err
		}
	}
	for _, who := range identities {
		one, path := all, l.kubeconfig(who.file)
		one.User, one.Server = who.file, "https://"+apiAddress
		if who == admin {
			one.Server, path = fmt.Sprintf("https://127.0.0.1:%d", port), l.adminConfig()
		}
		if err := fill("kubeconfig.yaml", path, one); err != nil {
			return err
		}
	}
	return nil
}

func fill(name, path string, with settings) error {
	parsed, err := template.New(name).Option("missingkey=error").ParseFS(configFiles, "config/"+name)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := parsed.Execute(&text, with); err != nil {
		return fmt.Errorf("configuration %s: %w", name, err)
	}
	return os.WriteFile(path, []byte(text.String()), 0o600)
}
