/** What is used of SSM, loaded when it is: `import()` of the package itself would put all of it into a function's bundle. */
export { GetParameterCommand, GetParametersByPathCommand, SSMClient } from "@aws-sdk/client-ssm";
