using Wharf.Scanner.Bench;

// One command a process, so that its peak of memory is its own.
switch (args)
{
    case ["index", var layer]:
        await IndexBench.RunAsync(layer);
        break;
    case ["match", var feeds]:
        MatchBench.Run(feeds);
        break;
    case ["compile", var feeds, var to]:
        CompileBench.Run(feeds, to);
        break;
    case ["open", var before, var after]:
        OpenBench.Run(before, after);
        break;
    default:
        Console.Error.WriteLine("usage: index LAYER.tar.gz | match FEEDS | compile FEEDS TO.feed | open BEFORE.feed AFTER.feed");
        return 2;
}
Console.WriteLine($"peak {System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB");
return 0;
