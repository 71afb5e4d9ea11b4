package main

// enginePages are about a node, its journal and its reference data.
func enginePages() []errorPage {
	return []errorPage{
		{
			id: "E-FENCED", exit: exitNo, title: "another process has taken over the shards of this node",
			means:  "The journal holds a later claim on the shards of this node. The later claim wins; this process stopped and wrote nothing after it.",
			causes: []string{"two processes with the same journal", "a node that was thought dead and came back"},
			atRisk: "No. Commits after the other claim are void for every reader.",
			next:   []string{"Let the other process work, or stop it first.", "Give each deployment a kafka.journal of its own."},
		},
		{
			id: "E-JOURNAL-GONE", exit: exitNo, title: "the journal no longer holds what a loader needs",
			means:  "The commits that follow the last one in the warehouse were deleted from the journal. Loading on would leave a hole, so nothing is loaded.",
			causes: []string{"a warehouse that was away for longer than the journal keeps commits, a week", "a warehouse file of another deployment"},
			atRisk: "Not in the lake: every committed file is still there.",
			next:   []string{"Make sure that the warehouse belongs to this kafka.journal: adjoin load status", "Build a new warehouse from the files of the lake."},
		},
		{
			id: "E-REFERENCE", exit: exitConfig, title: "the reference data cannot be used",
			means:  "reference.campaigns or reference.creatives cannot be read or is not what it must be: a JSON array of objects.",
			causes: []string{"a field with a value that it cannot have; the message names the item", "two campaigns with one id that are valid at the same time", "a file that was cut short"},
			atRisk: "No: nothing was started.",
			next:   []string{"Repair the item that the message names.", "Start without: campaigns that are not known have the windows of correlate.windows."},
		},
		{
			id: "E-LISTEN", exit: exitUnexpected, title: "a port cannot be opened",
			means:  "The address of server.listen or server.admin cannot be listened on, so the node did not start.",
			causes: []string{"another process has the port, perhaps an older node", "an address that is not of this machine", "a port below 1024 without the privilege"},
			atRisk: "No.",
			next:   []string{"Find the other process with the command in the message.", "Choose another port with --listen or --admin; port 0 takes a free one."},
		},
	}
}

// storePages are about the lake and the warehouses.
func storePages() []errorPage {
	return []errorPage{
		{
			id: "E-STORE-UNREACHABLE", exit: exitUnreachable, title: "the store or a warehouse does not answer",
			means:  "Writing or reading failed in a way that may pass.",
			causes: []string{"a wrong bucket address or region in sink.url", "a network that is down", "a folder on a disk that is not mounted"},
			atRisk: "No. A running node pauses reading and tries again under the same names.",
			next:   []string{"Check with: adjoin check store, adjoin check warehouse", "Compare sink.url with: adjoin config show --sources"},
		},
		{
			id: "E-STORE-FULL", exit: exitUnreachable, title: "there is no room",
			means:  "The disk, the quota or the bucket is full.",
			causes: []string{"a full disk below node.data_dir or sink.url", "a quota of the user or the bucket"},
			atRisk: "No. A running node pauses reading, keeps what it holds, and goes on alone when there is room.",
			next:   []string{"Free space or raise the quota. Files that a commit names must stay."},
		},
		{
			id: "E-STORE-REFUSED", exit: exitRefused, title: "the store or a warehouse said no",
			means:  "The store was reached and does not allow what adjoin has to do; or a warehouse file is in use.",
			causes: []string{"missing or wrong credentials in the environment", "no permission on the bucket or folder", "a store that overwrites objects instead of refusing a name that is taken", "another process that has the warehouse file open"},
			atRisk: "No.",
			next:   []string{"Grant the permission that the message names, or stop the other process.", "Check with: adjoin check store, adjoin check warehouse"},
		},
		{
			id: "E-SINK", exit: exitUnexpected, title: "files or a warehouse are not what they must be",
			means:  "A name in the store is taken by other content, a file differs from its commit, or a warehouse file is damaged.",
			causes: []string{"two deployments that write to one sink.url", "objects that were altered or deleted by hand", "a warehouse whose process was killed while it wrote"},
			atRisk: "Committed files are the truth: a warehouse can be built anew from them. A file that was altered needs its copy.",
			next:   []string{"Give each deployment a sink.url of its own.", "Move a damaged warehouse file away and run adjoin load run."},
		},
		{
			id: "E-LOAD-HELD", exit: exitPartly, title: "tables are stopped at a damaged file",
			means:  "A file that a commit names is missing or damaged. Its table is not loaded any further, so that sums stay those of a moment that was; the other tables are.",
			causes: []string{"a file that was deleted from the lake, by hand or by a lifecycle rule", "a file that was altered"},
			atRisk: "Perhaps: the rows of that file, unless there is a copy.",
			next:   []string{"See which: adjoin load status", "Put the file back from a copy of the lake.", "Run adjoin load run again."},
		},
		{
			id: "E-WAREHOUSE-MISSING", exit: exitUnreachable, title: "there is no such warehouse",
			means:  "The file of the DuckDB warehouse does not exist.",
			causes: []string{"nothing was loaded yet", "a node that runs elsewhere, or under another node.data_dir", "a misspelt --path"},
			atRisk: "No.",
			next:   []string{"Load what is committed: adjoin load run -c FILE", "Compare the path with: adjoin config show --sources"},
		},
		{
			id: "E-DATA-DIR", exit: exitNo, title: "the node's folder is in use",
			means:  "Another process has locked node.data_dir. Nothing was started and nothing touched.",
			causes: []string{"a node that still runs, or is still stopping", "two nodes with one node.data_dir"},
			atRisk: "No.",
			next:   []string{"Look for the other one: fuser FOLDER/lock", "Or give this node a folder of its own: --data-dir DIR"},
		},
		{
			id: "E-NO-DUCKDB", exit: exitUsage, title: "this build has no DuckDB",
			means:  "DuckDB needs cgo, and this binary was built without it. It writes the same files and leaves them for other loaders.",
			causes: []string{"a build with CGO_ENABLED=0, or without a C compiler"},
			atRisk: "No.",
			next:   []string{"Take a build with DuckDB: adjoin version says which it is.", "Or set load: [] and read the files: docs/formats/files.md"},
		},
	}
}
