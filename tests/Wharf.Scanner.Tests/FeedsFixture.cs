using System.Diagnostics;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Matching;

[assembly: AssemblyFixture(typeof(Wharf.Scanner.Tests.FeedsFixture))]

namespace Wharf.Scanner.Tests;

/// <summary>The real feeds of tests/data, laid out as publishers serve them and compiled.</summary>
public sealed class FeedsFixture : IDisposable
{
    private readonly DirectoryInfo _at = Directory.CreateTempSubdirectory("wharf-feeds-");
    private readonly Lazy<FeedSet> _feeds;

    public FeedsFixture()
    {
        _feeds = new(() => new FeedSet(new FeedDirectory(Root, Path.Join(_at.FullName, "compiled")).Open()));
    }

    /// <summary>The directory of feeds.</summary>
    public string Root
    {
        get
        {
            var root = Path.Join(_at.FullName, "feeds");
            lock (_at)
            {
                if (!Directory.Exists(root))
                {
                    using var script = Process.Start(Path.Join(TestData.Path(), "..", "..", "setup", "assemble-feeds.sh"), [root]);
                    script.WaitForExit();
                    Assert.Equal(0, script.ExitCode);
                }
            }
            return root;
        }
    }

    public FeedSet Feeds => _feeds.Value;

    public void Dispose()
    {
        if (_feeds.IsValueCreated)
            _feeds.Value.Dispose();
        _at.Delete(recursive: true);
    }
}
