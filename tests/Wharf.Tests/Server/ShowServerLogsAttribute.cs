using System.Reflection;
using Xunit.v3;

[assembly: Wharf.Tests.Server.ShowServerLogs]

namespace Wharf.Tests.Server;

/// <summary>Adds the log of the registries that a failed test has used to its output.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class ShowServerLogsAttribute : BeforeAfterTestAttribute
{
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (TestContext.Current.TestState?.Result is TestResult.Failed && Registry.LogsOf(test.UniqueID) is { Length: > 0 } logs)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(logs);
        }
    }
}
