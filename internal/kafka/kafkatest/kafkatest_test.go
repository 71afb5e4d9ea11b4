package kafkatest

import (
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// child makes the test binary a process that starts a cluster and then dies
// without running any clean-up.
const child = "KAFKATEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) == "" {
		os.Exit(m.Run())
	}
	k, err := start(Options{})
	if err != nil {
		os.Stdout.WriteString("error " + err.Error())
		os.Exit(1)
	}
	os.Stdout.WriteString(k.Brokers[0] + " " + k.dir)
	os.Stdout.Close()
	select {}
}

// A test process that is killed leaves no broker and no folder behind.
func TestNothingOutlivesAKilledProcess(t *testing.T) {
	skipOrFail(t, Options{})
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	addr, dir, ok := strings.Cut(string(text), " ")
	if !ok {
		t.Fatalf("%s", text)
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child was not killed")
	}
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, refused := net.Dial("tcp", addr)
		_, gone := os.Stat(dir)
		if refused != nil && os.IsNotExist(gone) {
			return
		}
		if refused == nil {
			conn.Close()
		}
		if time.Now().After(until) {
			t.Fatalf("broker: %v, folder: %v", refused, gone)
		}
	}
}

func TestSkipKafka(t *testing.T) {
	t.Setenv("SKIP_KAFKA", "1")
	ran := false
	t.Run("inner", func(t *testing.T) {
		Start(t, Options{})
		ran = true
	})
	if ran {
		t.Error("a cluster was started")
	}
}

func TestJavaVersionIsFound(t *testing.T) {
	skipOrFail(t, Options{})
	if v := javaVersion(); v < 17 || v > 100 {
		t.Errorf("version %d", v)
	}
}

func TestPortsAreFree(t *testing.T) {
	p := freePorts()
	if !allFree(p) {
		t.Skip("taken meanwhile")
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p+10)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if allFree(p) {
		t.Error("a taken port counts as free")
	}
}
