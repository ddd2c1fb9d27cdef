using BenchmarkDotNet.Running;
using Wharf.Bench;

// In this process: the projects that BenchmarkDotNet would generate and build take none of this repository's central settings well.
BenchmarkSwitcher.FromAssembly(typeof(ManifestBench).Assembly).Run(["--inProcess", .. args]);
