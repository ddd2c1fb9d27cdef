using System.ComponentModel.DataAnnotations;
using System.Net;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Tests.Hosting;

public sealed class SettingsTests
{
    [Fact]
    public void A_section_is_filled_from_the_file_in_any_case()
    {
        var sample = Read("""
            sample:
              COUNT: 7
              name: "x: y"
              Wait: 1m30s
              size: 4MiB
              Kind: second
              On: yes
              Networks: [10.0.0.0/8, 192.168.1.1]
              Nested:
                Depth: 3
              Named:
                first: { Depth: 1 }
                other: { Depth: 2 }
            """);

        Assert.Equal((7, "x: y", TimeSpan.FromSeconds(90), 4L << 20, Kind.Second, true), (sample.Count, sample.Name, sample.Wait, sample.Size.Bytes, sample.Kind, sample.On));
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("192.168.1.1/32")], sample.Networks);
        Assert.Equal(3, sample.Nested.Depth);
        Assert.Equal(2, sample.Named["OTHER"].Depth);
    }

    [Fact]
    public void The_environment_wins_over_the_file_key_by_key()
    {
        var sample = Read("Sample: { Count: 7, Name: file, Networks: [10.0.0.0/8] }",
            ("WHARF__Sample__Name", "environment"), ("WHARF__SAMPLE__NETWORKS__1", "10.2.0.0/16"), ("WHARF__Sample__Networks__0", "10.1.0.0/16"), ("WHARF__Sample__Nested__Depth", "4"));

        Assert.Equal((7, "environment", 4), (sample.Count, sample.Name, sample.Nested.Depth));
        Assert.Equal([IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("10.2.0.0/16")], sample.Networks);
    }

    [Fact]
    public void Empty_values_leave_the_default()
    {
        var sample = Read("Sample:\n  Count:\n  Name: ~\n  Nested:\n");

        Assert.Equal((5, "default", 2), (sample.Count, sample.Name, sample.Nested.Depth));
    }

    [Fact]
    public void A_setting_may_stand_by_itself_at_the_top()
    {
        var settings = Settings("Database: Host=db;Username=wharf\n");

        Assert.Equal("Host=db;Username=wharf", settings.Scalar("Database"));
        settings.Check();
    }

    [Theory]
    [InlineData("Sample:\n  Count: 1\n  Conut: 2\n", "wharf.yaml:3: unknown key Sample.Conut, did you mean Count?")]
    [InlineData("Sample:\n  Nested:\n    Dept: 2\n", "wharf.yaml:3: unknown key Sample.Nested.Dept, did you mean Depth?")]
    [InlineData("Sample:\n  LongNam: 2\n", "wharf.yaml:2: unknown key Sample.LongNam, did you mean LongNameWithMoreBehind?")]
    [InlineData("Sample:\n  Zzzzzzz: 2\n", "wharf.yaml:2: unknown key Sample.Zzzzzzz")]
    [InlineData("\nSampel:\n  Count: 1\n", "wharf.yaml:2: unknown section Sampel, did you mean Sample?")]
    [InlineData("Smaple: 1\n", "wharf.yaml:1: unknown key Smaple, did you mean Sample?")]
    [InlineData("Sample:\n  Count: many\n", "wharf.yaml:2: Sample.Count must be a whole number, from 1 to 10, not 'many'")]
    [InlineData("Sample:\n  Count: 11\n", "wharf.yaml:2: Sample.Count must be from 1 to 10, not 11")]
    [InlineData("Sample:\n  Wait: 5 parsecs\n", "wharf.yaml:2: Sample.Wait must be a length of time such as 30s, 5m or 1h, from 00:00:01 to 01:00:00, not '5 parsecs'")]
    [InlineData("Sample:\n  Wait: 2h\n", "wharf.yaml:2: Sample.Wait must be from 00:00:01 to 01:00:00, not 02:00:00")]
    [InlineData("Sample:\n  Kind: 1\n", "wharf.yaml:2: Sample.Kind must be one of first, second, not '1'")]
    [InlineData("Sample:\n  On: maybe\n", "wharf.yaml:2: Sample.On must be true or false, not 'maybe'")]
    [InlineData("Sample:\n  Size: 9223372036854775807KiB\n", "wharf.yaml:2: Sample.Size must be a size such as 4096, 64KiB or 4MiB, not '9223372036854775807KiB'")]
    [InlineData("Sample:\n  Networks:\n    - 10.0.0.0/8\n    - nowhere\n", "wharf.yaml:4: Sample.Networks[1] must be a network such as 10.0.0.0/8 or an address such as 10.0.0.7, not 'nowhere'")]
    [InlineData("Sample:\n  Networks: { a: b }\n", "wharf.yaml:2: Sample.Networks must be a list")]
    [InlineData("Sample:\n  Name: [a]\n", "wharf.yaml:2: Sample.Name must be text, not a list or mapping")]
    [InlineData("Sample: 5\n", "wharf.yaml:1: Sample must be a mapping: keys below it, indented")]
    [InlineData("Sample:\n  Count: 1\n  count: 2\n", "wharf.yaml:3: count is given twice")]
    [InlineData("Sample: &a { Count: 1 }\n", "wharf.yaml:1: an anchor (&name) is not understood here")]
    [InlineData("Sample:\n  Name: *a\n", "wharf.yaml:2: an alias (*name) is not understood here")]
    [InlineData("Sample:\n  Name: !!binary aaaa\n", "wharf.yaml:2: a tag (!name) is not understood here")]
    [InlineData("- Sample\n", "wharf.yaml:1: the file must hold a mapping: Section: and below it, indented, Key: value")]
    [InlineData("Sample:\n  Count: 1\n---\nSample:\n", "wharf.yaml:3: more than one document is not understood here")]
    public void What_is_wrong_in_the_file_is_said_with_its_line(string yaml, string problem)
    {
        var settings = Settings(yaml);

        settings.Section<Sample>("Sample");

        Assert.Equal(problem, Assert.Throws<CannotStartException>(settings.Check).Message);
    }

    [Theory]
    [InlineData("WHARF__Sample__Conut", "1", "environment variable WHARF__Sample__Conut: unknown key Sample.Conut, did you mean Count?")]
    [InlineData("WHARF__Sample__Count", "", "environment variable WHARF__Sample__Count: Sample.Count must be a whole number, from 1 to 10, not ''")]
    [InlineData("WHARF__Smaple__Count", "1", "environment variable WHARF__Smaple__Count: unknown section Smaple, did you mean Sample?")]
    [InlineData("WHARF_Sample__Count", "1", "environment variable WHARF_Sample__Count: settings begin with WHARF__, as in WHARF__Server__PublicUrl")]
    [InlineData("WHARF__Sample__", "1", "environment variable WHARF__Sample__: not a setting; they look like WHARF__Server__PublicUrl")]
    public void What_is_wrong_in_the_environment_is_said_with_its_variable(string name, string value, string problem)
    {
        var settings = Settings("", (name, value));

        settings.Section<Sample>("Sample");

        Assert.Equal(problem, Assert.Throws<CannotStartException>(settings.Check).Message);
    }

    [Fact]
    public void Variables_that_contradict_each_other_are_refused()
    {
        var settings = Settings("", ("WHARF__Sample__Nested", "x"), ("WHARF__Sample__Nested__Depth", "1"));

        settings.Section<Sample>("Sample");

        Assert.Contains("WHARF__Sample__Nested__Depth: contradicts environment variable WHARF__Sample__Nested", Assert.Throws<CannotStartException>(settings.Check).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        var settings = Settings("Sample:\n  Conut: 1\n  Wait: soon\nOther: {}\n");

        settings.Section<Sample>("Sample");

        Assert.Equal(3, Assert.Throws<CannotStartException>(settings.Check).Message.Split('\n').Length);
    }

    [Fact]
    public void Rules_across_keys_name_the_key()
    {
        var settings = Settings("Server:\n  ProxyProtocol: true\n");

        settings.Section<ServerOptions>("Server");

        Assert.Equal("wharf.yaml:2: Server.ProxyProtocol needs Server.TrustedProxies: only those may send PROXY headers", Assert.Throws<CannotStartException>(settings.Check).Message);
    }

    [Theory]
    [InlineData(18)]
    [InlineData(100_000)]
    public void Deep_nesting_is_refused_and_costs_nothing(int levels)
    {
        var problems = new List<string>();

        YamlSettings.Parse("wharf.yaml", string.Concat(Enumerable.Repeat("[", levels)), problems);

        Assert.Equal("wharf.yaml:1: more than 16 levels is not understood here", Assert.Single(problems));
    }

    [Fact]
    public void Broken_files_are_refused_whatever_they_hold()
    {
        const string Whole = "Server:\n  Listen: [\"http://*:80\", 'x']\n  HostNames:\n    - a\n    - {b: c}\n# end\n";
        const string Odd = "\0\t\n:-[]{}&*!|>'\"%@`#?,ä\ufeff";
        var random = new Random(4711);
        for (var round = 0; round < 5000; round++)
        {
            var text = Whole.ToCharArray();
            for (var i = random.Next(1, 6); i > 0; i--) text[random.Next(text.Length)] = Odd[random.Next(Odd.Length)];
            var problems = new List<string>();

            var root = YamlSettings.Parse("f", new string(text), problems);

            Assert.True(root is not null || problems.Count > 0 || text.All(c => char.IsWhiteSpace(c) || c == '#'), new string(text));
        }
    }

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("30s", 30_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("7d", 604_800_000)]
    [InlineData("00:05:00", 300_000)]
    public void Lengths_of_time_are_written_as_people_do(string text, double milliseconds) => Assert.Equal(milliseconds, Duration.Parse(text)?.TotalMilliseconds);

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1s ")]
    [InlineData("1y")]
    [InlineData("9999999999s")]
    [InlineData("1:2:3:4:5")]
    public void Other_lengths_of_time_are_refused(string text) => Assert.Null(Duration.Parse(text));

    private static Sample Read(string yaml, params (string, string)[] environment)
    {
        var settings = Settings(yaml, environment);
        var sample = settings.Section<Sample>("Sample");
        settings.Check();
        return sample;
    }

    private static ServerSettings Settings(string yaml, params (string Name, string Value)[] environment) =>
        ServerSettings.Parse("wharf.yaml", yaml, environment.ToDictionary(e => e.Name, e => e.Value));

    internal enum Kind
    {
        First,
        Second,
    }

    internal sealed class Nested
    {
        public int Depth { get; set; } = 2;
    }

    internal sealed class Sample
    {
        [Range(1, 10)]
        public int Count { get; set; } = 5;

        public string Name { get; set; } = "default";

        [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
        public TimeSpan Wait { get; set; } = TimeSpan.FromSeconds(1);

        public ByteSize Size { get; set; }

        public Kind Kind { get; set; }

        public bool On { get; set; }

        public string LongNameWithMoreBehind { get; set; } = "";

        public List<IPNetwork> Networks { get; set; } = [];

        public Nested Nested { get; set; } = new();

        public Dictionary<string, Nested> Named { get; set; } = [];
    }
}
